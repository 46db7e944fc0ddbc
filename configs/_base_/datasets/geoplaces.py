# GeoPlaces, the 205 scenes of GeoNet: as GeoImnet, with other files.
_base_ = './geonet.py'
lists = dict(dataset=dict(ann_file='metadata/geoplaces.json'))
train_dataloader = val_dataloader = test_dataloader = lists
usa_pseudo = dict(pseudo_labels='pseudo_labels/geoplaces_asia_usa.txt')
asia_pseudo = dict(pseudo_labels='pseudo_labels/geoplaces_usa_asia.txt')
