# Records the folds of scikit-learn that FoldTests compares with: pip install scikit-learn==1.9.1; python record.py
import json, warnings, numpy as np
warnings.simplefilter("ignore")
from sklearn.model_selection import (GroupKFold, KFold, LeaveOneGroupOut, LeaveOneOut, StratifiedGroupKFold,
    StratifiedKFold, TimeSeriesSplit)
import sklearn
rng=np.random.RandomState(7)
cases=[]
def add(name, splitter, n, y=None, g=None, **settings):
    X=np.zeros((n,1))
    folds=[{"training":[int(i) for i in a],"validation":[int(i) for i in b]} for a,b in splitter.split(X,y,g)]
    c={"name":name,"rows":n,"settings":settings,"folds":folds}
    if y is not None: c["classes"]=[int(v) for v in y]
    if g is not None: c["groups"]=[int(v) for v in g]
    cases.append(c)
for n,k in [(5,5),(10,3),(11,4),(7,2),(20,6)]: add(f"k-fold {k} of {n}",KFold(k),n,folds=k)
ys={"mixed":rng.randint(0,3,23),"sorted":np.sort(rng.randint(0,4,30)),"binary":np.array([1,1,0,1,0,0,1,1,1,0,1]),
    "rare":np.array([2]*9+[0]*2+[1]*8+[2]*3+[0]*1),"late":np.array([3,3,1,1,1,0,3,1,2,2,0,0,2,3,1,2])}
for m,y in ys.items():
    for k in (2,3,5):
        try: add(f"stratified {m} {k}",StratifiedKFold(k),len(y),y,folds=k,stratify=True)
        except ValueError as e: print(m,k,e)
gs={"uneven":np.repeat(np.arange(7),[1,5,3,9,2,4,6]),"scattered":rng.randint(0,9,40),"equal":np.tile(np.arange(6),4)}
for m,g in gs.items():
    g=np.unique(g,return_inverse=True)[1]
    for k in (2,3,4): add(f"grouped {m} {k}",GroupKFold(k),len(g),None,g,folds=k,group=True)
    y=rng.randint(0,3,len(g))
    for k in (2,3): add(f"stratified groups {m} {k}",StratifiedGroupKFold(k),len(g),y,g,folds=k,group=True,stratify=True)
    add(f"leave one group out {m}",LeaveOneGroupOut(),len(g),None,g,strategy="leave-one-out",group=True)
for n,k,kw in [(12,3,{}),(13,5,{}),(20,4,{"gap":2}),(20,3,{"test_size":2}),(30,3,{"max_train_size":6,"gap":1}),(6,5,{})]:
    add(f"time series {k} of {n} {kw}",TimeSeriesSplit(k,**kw),n,folds=k,strategy="time-series",**kw)
add("leave one out of 4",LeaveOneOut(),4,strategy="leave-one-out")
json.dump({"source":f"scikit-learn {sklearn.__version__}, Tests/Data/folds/record.py","cases":cases},open("splits.json","w"),separators=(",",":"))
print(len(cases))
